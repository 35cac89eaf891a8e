//! Amazon Resource Names and patterns over them (S1.1, S2.4).
