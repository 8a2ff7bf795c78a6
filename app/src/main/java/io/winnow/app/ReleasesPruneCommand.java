package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.application.Jobs;
import io.winnow.lifecycle.registry.Retention;
import io.winnow.serving.ServedExperiments;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow releases prune}: deletes the files of releases that nobody needs. */
@Command(
    name = "prune",
    mixinStandardHelpOptions = true,
    description = {
      "Deletes the files of releases that nobody needs any more; their rows and the ledger stay.",
      "Needed are those with an alias, on trial, in an experiment, with the tag 'keep', those that",
      "served or were made within jobs.keep.window, and the newest jobs.keep.releases."
    })
final class ReleasesPruneCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--dry-run", description = "Say what would be deleted and why the rest stays.")
  private boolean dryRun;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ReleasesPruneCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    boolean known = Files.exists(data.folder().applicationFile());
    Jobs.Keep keep =
        known
            ? data.application(environment).definition().operations().jobs().keep()
            : Jobs.DEFAULT.keep();
    Set<String> arms =
        known
            ? ServedExperiments.releasesOf(
                data.application(environment).definition().operations().experiments())
            : Set.of();
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      Retention retention =
          new Retention(
              folder.registry(),
              folder.releases(),
              keep,
              data.folder().requestClock(TimeSource.system()),
              TimeSource.system());
      Retention.Report report = dryRun ? retention.judge(arms) : retention.apply(arms);
      print(report);
    }
    return ExitCode.OK.value();
  }

  private void print(Retention.Report report) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(
          Json.write(
              Map.of(
                  "dry_run", dryRun,
                  "deleted", report.deleted(),
                  "bytes", report.bytes(),
                  "releases", report.releases())));
      return;
    }
    for (Retention.Judged judged : report.releases()) {
      out.printf(
          "%-30s %s%n",
          judged.version(),
          judged.needs().isEmpty()
              ? (dryRun ? "would be deleted" : "deleted")
              : String.join("; ", judged.needs()));
    }
    out.printf(
        "%d releases, %,d bytes %s%n",
        report.deleted().size(), report.bytes(), dryRun ? "would be deleted" : "deleted");
  }
}
