"""The PC's disks: which there are, what may be written, and reading and writing them past faults and page cache."""
