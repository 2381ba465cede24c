"""The vocabulary of Toolweaver: values, interfaces and errors. Read this folder first.

It imports the standard library and anyio only, and everything else may import it.
"""
