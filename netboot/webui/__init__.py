"""The HTTP handlers: what firmware and agents ask for (`boot_http`, `agent_link`), and what people see."""
