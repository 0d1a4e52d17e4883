"""Our bot and two official clients in one book: does everybody tell the same trades?"""
