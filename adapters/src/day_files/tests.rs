//! Tests of whole folders.
