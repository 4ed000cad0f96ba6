"""Turns raw arrivals into messages: receive, store, parse, plan and persist them."""
