//! The command line: see `keywho --help`.

mod cli;

/// Compiling an organization allocates and frees a lot, on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
