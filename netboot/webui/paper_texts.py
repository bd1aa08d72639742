"""The page's texts for certificates and their check, in French and in English.

Not for: the words on a paper, or of a finding (`certificates/`).
"""

from typing import Final

from netboot.shared.language import Language

PAPER_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "papers": {"fr": "Papiers de ce passage", "en": "Papers of this visit"},
    "papers_help": {
        "fr": "Un certificat si tout est effacé, sinon un rapport qui dit ce qui manque. L'atelier les signe.",
        "en": "A certificate if all is erased, else a report that says what is missing. The workshop signs them.",
    },
    "paper_fr": {"fr": "PDF en français", "en": "PDF in French"},
    "paper_en": {"fr": "PDF en anglais", "en": "PDF in English"},
    "paper_json": {"fr": "fichier JSON", "en": "JSON file"},
    "verify": {"fr": "Vérifier", "en": "Check"},
    "verify_title": {"fr": "Vérifier un certificat", "en": "Check a certificate"},
    "verify_help": {
        "fr": "Donnez un PDF ou un fichier JSON de netboot, ou le texte de son code QR. La page dit s'il a été modifié "
        "depuis que l'atelier l'a signé. Rien n'en est gardé.",
        "en": "Give a PDF or a JSON file of netboot's, or the text of its QR code. The page says whether it was "
        "changed since the workshop signed it. Nothing of it is kept.",
    },
    "verify_file": {"fr": "Fichier (PDF ou JSON)", "en": "File (PDF or JSON)"},
    "verify_text": {"fr": "Ou le texte du code QR", "en": "Or the text of the QR code"},
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
