"""What a layer is measured against: one file a peer, whose name is the file's.

Each has `candidate(problem)`, which gives a `Candidate`, or raises `Unavailable` where it cannot
run here or cannot run that cell.
"""
