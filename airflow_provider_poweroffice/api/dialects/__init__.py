"""What each API does its own way: :mod:`.base` is the contract, :mod:`.registry` lists them."""
