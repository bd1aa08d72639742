"""`netboot doctor`: looks at the LAN as a PC would, from the server or from a laptop on the same switch.

It runs in a process of its own: it loads scapy (GPL-2.0-only), so it loads nothing that needs aiohttp (Apache-2.0), and
no module of the server loads it. The command line starts it by exec.

    look              the order of the questions, within a time limit
    questions, offers the packets that it sends, and what the answers say (both pure)
    capture, inject   the only modules that know scapy: frames received and sent
    walk              a whole network boot as firmware does it, each step timed
    judge…            what was seen → findings (pure); texts: their sentences; report: how they are shown
"""
