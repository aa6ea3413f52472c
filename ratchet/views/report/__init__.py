"""The report of a run as one HTML page that works offline.

Covered: text of an agent is escaped, and the content security policy of the page blocks any script but our own.
"""
