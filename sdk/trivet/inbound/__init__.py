"""The way in: mentions, mails, chats and calls that other systems send, each onto the case that it belongs to, else
into a list where a person decides. Nothing is lost.
"""
