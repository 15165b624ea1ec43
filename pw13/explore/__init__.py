"""`pw13 explore`: trained runs as a page to play with, served on this machine or as one HTML file.

`contents` collects what the page shows, `page` joins it with the HTML, CSS and JavaScript in `page/`, and `server`
serves it.
"""
