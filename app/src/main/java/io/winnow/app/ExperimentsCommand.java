package io.winnow.app;

import io.winnow.core.Nearest;
import io.winnow.core.WinnowException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code winnow experiments}: what is tested, what came of it, and what a test would take. Each
 * subcommand is a class of its own, named {@code Experiments…Command}, and has a line in {@link
 * #line}.
 */
@Command(
    name = "experiments",
    mixinStandardHelpOptions = true,
    description = "Shows, judges and plans experiments, from the log of a data folder.")
final class ExperimentsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Unmatched private @Nullable List<String> unmatched;

  /** The command with all its subcommands. */
  static CommandLine line(Map<String, String> environment) {
    CommandLine line = new CommandLine(new ExperimentsCommand());
    line.addSubcommand(new ExperimentsListCommand(environment));
    line.addSubcommand(new ExperimentsReportCommand(environment));
    line.addSubcommand(new ExperimentsPlanCommand(environment));
    line.addSubcommand(new ExperimentsAssignCommand(environment));
    line.addSubcommand(new ExperimentsOffPolicyCommand(environment));
    return line;
  }

  @Override
  public Integer call() {
    List<String> names = List.copyOf(spec.subcommands().keySet());
    String given = unmatched == null ? "absent" : unmatched.getFirst();
    throw WinnowException.invalid(
        "experiments", given, Nearest.expectation("command", given, names));
  }
}
