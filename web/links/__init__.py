"""The pages that links in mails open: HTML from the server, no script, one question each."""
