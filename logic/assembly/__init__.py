"""Networks put together and taken apart: one behind another, side by side, wired by name, or cut out again."""
