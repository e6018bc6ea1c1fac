//! Accepted programs as typed statements.
