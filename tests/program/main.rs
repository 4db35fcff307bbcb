//! The program from outside: what it is told, what it says, what it leaves behind.
mod end_to_end;
mod messages;
mod resumption;
mod setting;
mod weights;
