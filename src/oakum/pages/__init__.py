"""The HTML pages of `oakum observe`.

Each page is made of the JSON document that machines read, and of nothing else: what is not in the
document cannot get into the page.
"""
