package io.winnow.app;

import io.winnow.core.WinnowException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command line. Each command is a class of its own; this one only lists them and turns failures
 * into messages and exit codes.
 *
 * <p>Results go to standard output, everything else to standard error. See {@link ExitCode} for
 * what the process answers.
 */
@Command(
    name = "winnow",
    mixinStandardHelpOptions = true,
    version = "winnow 0.1.0",
    description = "A recommender that is fast, measured and safe to change.",
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0   done",
      "  1   Winnow failed: a defect, please report it",
      "  2   the input is wrong: arguments, an application file, a missing file",
      "  3   a limit was reached: retry later, or give it more",
      "  4   something that Winnow needs is missing or damaged: a disk, a file, a JDK",
      "  5   a check was made and found what it looks for, such as served values that differ",
      "  6   a check was made and cannot tell yet"
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = run(System.getenv(), out, err, args);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /**
   * Runs one command.
   *
   * @param environment the process's variables
   * @param out receives the result
   * @param err receives messages
   * @return the exit code
   */
  static int run(
      Map<String, String> environment, PrintWriter out, PrintWriter err, String... args) {
    CommandLine line = line(environment);
    line.setOut(out);
    line.setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((e, failed, parsed) -> explain(e, err));
    return line.execute(args);
  }

  /** All commands. */
  static CommandLine line(Map<String, String> environment) {
    CommandLine line = new CommandLine(new Main());
    line.addSubcommand(new DemoCommand(environment));
    line.addSubcommand(new ImportCommand(environment));
    line.addSubcommand(new ServeCommand(environment));
    line.addSubcommand(new TrainCommand(environment));
    line.addSubcommand(new TuneCommand(environment));
    line.addSubcommand(new EvaluateCommand(environment));
    line.addSubcommand(new CadenceCommand(environment));
    line.addSubcommand(new RecommendCommand(environment));
    line.addSubcommand(ReleasesCommand.line(environment));
    line.addSubcommand(new LedgerCommand(environment));
    line.addSubcommand(new RollbackCommand(environment));
    line.addSubcommand(RolloutCommand.line(environment));
    line.addSubcommand(JobsCommand.line(environment));
    line.addSubcommand(new ValidateCommand(environment));
    line.addSubcommand(FeaturesCommand.line(environment));
    line.addSubcommand(ExperimentsCommand.line(environment));
    line.addSubcommand(BenchCommand.line(environment));
    return line;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  private static int explain(Exception e, PrintWriter err) {
    if (e instanceof WinnowException failure) {
      if (failure.problems().isEmpty()) {
        err.println("winnow: " + failure.getMessage());
      } else {
        failure.problems().forEach(err::println);
      }
      return ExitCode.of(failure.code()).value();
    }
    err.println("winnow: a defect, please report it:");
    e.printStackTrace(err);
    return ExitCode.DEFECT.value();
  }
}
