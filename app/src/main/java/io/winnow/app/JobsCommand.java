package io.winnow.app;

import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code winnow jobs}: what is done from time to time. */
@Command(
    name = "jobs",
    mixinStandardHelpOptions = true,
    description = "Runs jobs, shows what became of them, cancels them. See docs/jobs.md.")
final class JobsCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  private JobsCommand() {}

  /** The command with its subcommands. */
  static CommandLine line(Map<String, String> environment) {
    CommandLine line = new CommandLine(new JobsCommand());
    line.addSubcommand(new JobsRunCommand(environment));
    line.addSubcommand(new JobsListCommand(environment));
    line.addSubcommand(new JobsShowCommand(environment));
    line.addSubcommand(new JobsLogsCommand(environment));
    line.addSubcommand(new JobsCancelCommand(environment));
    return line;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command of jobs?");
  }
}
