"""orders-insights: derived numbers per company, in a process of their own. The only room that knows Faust."""
