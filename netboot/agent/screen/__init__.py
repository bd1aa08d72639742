"""The PC's own screen: its content, its texts, how it is drawn, and the displays it is shown on."""
