//! The program; all of it is in `trestle::cli`.

fn main() -> std::process::ExitCode {
    trestle::cli::main()
}
