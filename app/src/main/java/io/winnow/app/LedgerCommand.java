package io.winnow.app;

import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.Aliases;
import io.winnow.lifecycle.registry.LedgerEntry;
import io.winnow.lifecycle.registry.Registry;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow ledger}: what served when, who changed it, and why. */
@Command(
    name = "ledger",
    mixinStandardHelpOptions = true,
    description = {
      "Says what served at a time, or every change between two times, newest first.",
      "Times are UTC, such as 2026-03-01T12:00:00Z, by the clock of requests."
    })
final class LedgerCommand implements Callable<Integer> {
  private static final int LIMIT_MAX = 100_000;

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--at", paramLabel = "TIME", description = "What was in force then.")
  private @Nullable String at;

  @Option(
      names = "--from",
      paramLabel = "TIME",
      description = "The first time (default: the beginning).")
  private @Nullable String from;

  @Option(
      names = "--to",
      paramLabel = "TIME",
      description = "The time before which (default: now).")
  private @Nullable String to;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "At most so many (default: ${DEFAULT-VALUE}).")
  private int limit = 100;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  LedgerCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    if (at != null && (from != null || to != null)) {
      throw WinnowException.invalid("--at", at, "not together with --from or --to");
    }
    if (limit < 1 || limit > LIMIT_MAX) {
      throw WinnowException.invalid("--limit", limit, "1 to " + LIMIT_MAX);
    }
    List<LedgerEntry> entries;
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      entries = entries(folder.registry());
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(
          Json.write(Map.of("entries", entries.stream().map(LedgerCommand::line).toList())));
      return ExitCode.OK.value();
    }
    for (LedgerEntry entry : entries) {
      out.printf(
          "%s  %-11s %s%n    by %s: %s%n",
          Instant.ofEpochMilli(entry.atMs()),
          entry.action(),
          Aliases.of(entry.plan()),
          entry.cause().actor(),
          entry.cause().reason());
      if (!entry.cause().numbers().isEmpty()) {
        out.printf("    %s%n", entry.cause().numbers());
      }
    }
    if (entries.isEmpty()) {
      out.println(at == null ? "nothing changed" : "nothing was in force");
    }
    return ExitCode.OK.value();
  }

  private List<LedgerEntry> entries(Registry registry) {
    if (at != null) {
      return registry.servedAt(time("--at", at)).stream().toList();
    }
    return registry.ledger(
        from == null ? Long.MIN_VALUE : time("--from", from),
        to == null ? Long.MAX_VALUE : time("--to", to),
        limit);
  }

  private static long time(String option, String text) {
    try {
      return Instant.parse(text).toEpochMilli();
    } catch (DateTimeParseException | ArithmeticException e) {
      throw WinnowException.invalid(option, text, "a time such as 2026-03-01T12:00:00Z");
    }
  }

  private static Map<String, Object> line(LedgerEntry entry) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("at", Instant.ofEpochMilli(entry.atMs()).toString());
    line.put("action", entry.action());
    line.put("actor", entry.cause().actor());
    line.put("reason", entry.cause().reason());
    line.put("numbers", entry.cause().numbers());
    line.put("application", entry.application());
    line.put("plan", entry.plan());
    line.put("aliases", Aliases.of(entry.plan()));
    return line;
  }
}
