//! Integration tests, one binary: by behaviour, against the real tools where there are any.

mod mariadb;
mod postgres;
mod support;
