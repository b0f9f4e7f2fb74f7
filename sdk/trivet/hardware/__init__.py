"""Real boards, from the desk: what is built for one, how it comes into its flash, the label that goes onto it."""
