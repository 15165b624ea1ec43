"""`pw13 all`: every experiment of the course, and a hand-in trained again."""
