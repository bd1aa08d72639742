"""The PC's own screen: what it has to show, in which words, drawn as lines, on which displays."""
