//! The command line: see `keywho --help`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
