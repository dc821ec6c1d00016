"""The HTML pages of `oakum observe`.

Each page is rendered from the JSON document that machines read and from nothing else, so it cannot
contain anything that the document does not.
"""
