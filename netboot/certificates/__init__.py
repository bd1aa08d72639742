"""What a workshop hands over about a visit: a certificate of erasure, or a report that is none; made, sealed, checked.

The record's values become one frozen `Paper` (`compose.py`), which is written as JSON and sealed (`sealed.py`,
`seal.py`), laid out in a language (`layout.py`), made a tagged PDF (`pdf.py`) and signed (`signature.py`). `verify.py`
checks each of them again. The fields are those that NIST SP 800-88 revision 2 lists for a certificate of sanitization.
Not for: what counts as erased (`jobs/`), keeping anything (`records/`), which keys sign (`auth/certificate_keys.py`).
"""
