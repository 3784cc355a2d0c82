//! Azurite, the storage emulator, as a child process.
