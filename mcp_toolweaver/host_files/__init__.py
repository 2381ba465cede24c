"""The files in which hosts keep their lists of servers: where they are, what is in them, and how to change one."""
