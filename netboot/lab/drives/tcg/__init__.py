"""What a lab drive speaks of TCG's storage security: Level 0 Discovery, and as much of the Opal SSC as a PSID needs.

Written from the public specifications, TCG Storage Architecture Core 2.01 and Opal SSC 2.01 with its Feature Set PSID
1.00; clauses are named where they are followed. It proves command paths and our verdicts, never a maker's firmware:
nothing is enciphered here, and a key that is changed is played by noise over the image.
"""
