"""The page's texts for certificates, their check and what stands on them, in French and in English.

Not for: the words on a paper, or of a finding (`certificates/`).
"""

from typing import Final

from netboot.shared.language import Language
from netboot.webui.exception_texts import EXCEPTION_TEXTS

PAPER_TEXTS: Final[dict[str, dict[Language, str]]] = {
    **EXCEPTION_TEXTS,
    "papers": {"fr": "Papiers de ce passage", "en": "Papers of this visit"},
    "papers_help": {
        "fr": "Un certificat si tout est effacé, sinon un rapport qui dit ce qui manque. L'atelier les signe.",
        "en": "A certificate if all is erased, else a report that says what is missing. The workshop signs them.",
    },
    "paper_fr": {"fr": "PDF en français", "en": "PDF in French"},
    "paper_en": {"fr": "PDF en anglais", "en": "PDF in English"},
    "paper_json": {"fr": "fichier JSON", "en": "JSON file"},
    "batch_papers": {"fr": "Papiers d'un lot", "en": "Papers of a batch"},
    "batch_papers_nav": {"fr": "Papiers", "en": "Papers"},
    "batch_papers_help": {
        "fr": "Les certificats et rapports de tous les PC effacés entre deux jours. Le nom du donateur est imprimé sur "
        "chaque papier ; il n'est gardé nulle part ailleurs.",
        "en": "The certificates and reports of all PCs erased between two days. The donor's name is printed on each "
        "paper; it is kept nowhere else.",
    },
    "papers_since": {"fr": "Premier jour", "en": "First day"},
    "papers_until": {"fr": "Dernier jour", "en": "Last day"},
    "papers_donor": {"fr": "Donateur (si vous voulez son nom)", "en": "Donor (if you want the name on them)"},
    "papers_language": {"fr": "Langue", "en": "Language"},
    "papers_batch": {"fr": "Un seul PDF, avec un tableau", "en": "One PDF, with a table"},
    "papers_folder": {"fr": "Tous les fichiers (ZIP)", "en": "All files (ZIP)"},
    "papers_most": {
        "fr": "Jusqu'à {most} PC à la fois, et quelques secondes pour dix. Pour plus : netboot certificates.",
        "en": "Up to {most} PCs at a time, and some seconds for ten. For more: netboot certificates.",
    },
    "verify": {"fr": "Vérifier", "en": "Check"},
    "verify_title": {"fr": "Vérifier un certificat", "en": "Check a certificate"},
    "verify_help": {
        "fr": "Donnez un PDF ou un fichier JSON de netboot, une photo de son code QR, ou le texte de ce code. La page "
        "dit s'il a été modifié depuis que l'atelier l'a signé. Rien n'en est gardé.",
        "en": "Give a PDF or a JSON file of netboot's, a photograph of its QR code, or the text of that code. The page "
        "says whether it was changed since the workshop signed it. Nothing of it is kept.",
    },
    "verify_file": {"fr": "Fichier (PDF, JSON ou photo)", "en": "File (PDF, JSON or photograph)"},
    "verify_text": {
        "fr": "Ou le texte du code QR, collé ou lu par une douchette",
        "en": "Or the text of the QR code, pasted or from a scanner",
    },
    "verify_button": {"fr": "Vérifier", "en": "Check"},
    "verify_found": {"fr": "Résultat", "en": "Result"},
    "verify_keys": {"fr": "Les clés de cet atelier", "en": "This workshop's keys"},
    "verify_keys_help": {
        "fr": "Comparez ces empreintes avec celles d'un papier. Le fichier sert à vérifier ailleurs, sans ce serveur : "
        "netboot verify --keys.",
        "en": "Compare these fingerprints with those on a paper. The file is for checking elsewhere, without this "
        "server: netboot verify --keys.",
    },
    "verify_no_keys": {
        "fr": "Cet atelier n'a pas encore de clés : le serveur les fait à son démarrage.",
        "en": "This workshop has no keys yet: the server makes them when it starts.",
    },
    "verify_seal_key": {"fr": "Clé du sceau (code QR, JSON)", "en": "Key of the seal (QR code, JSON)"},
    "verify_pdf_key": {"fr": "Certificat qui signe les PDF", "en": "Certificate that signs PDFs"},
    "verify_keys_file": {"fr": "Télécharger les clés publiques", "en": "Download the public keys"},
    "proof_altered": {
        "fr": "Cette preuve n'est pas celle du journal : elle ne vaut rien. Effacez ce disque encore et prévenez "
        "l'administrateur.",
        "en": "This proof is not the journal's: it is worth nothing. Erase this disk again, and tell the "
        "administrator.",
    },
}
