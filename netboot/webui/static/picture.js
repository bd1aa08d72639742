// A picture that is given to “Check” becomes grey dots (a binary PGM) here, in the browser: the server decodes no
// pictures. Without this script the page takes PDFs, JSON files and texts.
"use strict";

(() => {
  const LONGEST = 1800; // dots of the longer side: a code of a printed page is read, and a few megabytes are sent
  const input = document.getElementById("file");
  const button = input?.form?.querySelector("button");
  if (!input || !button) return;
  input.accept += ",image/*";

  async function grey(file) {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "#ffffff"; // what is transparent is paper
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const dots = new Uint8Array(canvas.width * canvas.height);
    for (let i = 0; i < dots.length; i++) {
      dots[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
    }
    return new File([`P5 ${canvas.width} ${canvas.height} 255\n`, dots], "picture.pgm");
  }

  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file || !file.type.startsWith("image/")) return;
    button.disabled = true;
    try {
      const given = new DataTransfer();
      given.items.add(await grey(file));
      input.files = given.files;
    } catch {
      // What the browser cannot show goes as it is; the answer says that it is nothing of netboot's.
    } finally {
      button.disabled = false;
    }
  });
})();
