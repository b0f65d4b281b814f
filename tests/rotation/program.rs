//! The program: what it says at the start, on its pages, and in its log.
