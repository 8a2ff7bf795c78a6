package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.importing.ImportReport;
import io.winnow.events.importing.Importer;
import io.winnow.lifecycle.TrainerConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow import}: files of another system into the event log, then a first release. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = {
      "Imports a data set into the event log and trains a release.",
      "The folder is recognised by its files (MovieLens, Online Retail), or has a winnow.yaml with an imports section, or --app names one.",
      "Importing the same files again adds nothing."
    })
final class ImportCommand implements Callable<Integer> {
  /** Data that ended longer ago is a historic data set. */
  private static final long HISTORIC_AFTER_MS = 30L * 24 * 3_600_000;

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--dataset",
      paramLabel = "DIR",
      required = true,
      description = "The data set's folder.")
  private Path dataset = Path.of(".");

  @Option(names = "--no-train", description = "Only import.")
  private boolean noTrain;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  ImportCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    ApplicationFile application = ApplicationFile.forDataset(dataset, data.app(), environment);
    DataFolder folder = data.folder();
    try (Node node = Node.open(folder, application, TimeSource.system())) {
      Importer.LogImport imported =
          new Importer(TimeSource.system(), folder.path())
              .importInto(
                  dataset,
                  application.definition().imports(),
                  application.definition().schema(),
                  node.log(),
                  progress::rows);
      report(imported);
      markHistoric(folder, node, progress);
      if (!noTrain) {
        node.trainAndActivate(
            TrainerConfig.defaults(1, Runtime.getRuntime().availableProcessors()),
            progress,
            PromotionGate.Promotion.AUDITED);
        progress.line("release " + node.pipeline().release() + " is active");
      }
    }
    return ExitCode.OK.value();
  }

  private static void markHistoric(DataFolder folder, Node node, ConsoleProgress progress) {
    long end = node.log().endOffset();
    node.log()
        .replay(
            Math.max(0, end - 1),
            end,
            (_, record) -> {
              if (TimeSource.system().nowMs() - record.timeMs() > HISTORIC_AFTER_MS) {
                folder.setAsOf(record.timeMs());
                progress.line(
                    "the data ends at %s: requests will be asked as of then (delete %s to use the wall clock)"
                        .formatted(
                            Instant.ofEpochMilli(record.timeMs()), folder.path().resolve("as-of")));
              }
            });
  }

  private void report(Importer.LogImport imported) {
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("accepted", imported.accepted());
      result.put("duplicates", imported.duplicates());
      result.put("rejected", imported.rejected());
      result.put("examples", imported.examples());
      result.put("files", imported.report());
      spec.commandLine().getOut().println(Json.write(result));
      return;
    }
    PrintWriter out = spec.commandLine().getOut();
    for (ImportReport.FileReport file : imported.report().files()) {
      out.printf(
          "%-24s %-6s %,12d rows: %,d accepted, %,d filtered, %,d duplicates, %,d bad%n",
          file.file(),
          file.purpose(),
          file.rows(),
          file.accepted(),
          file.filtered(),
          file.duplicates(),
          file.badRows());
      file.notes().forEach(note -> out.println("    " + note));
      reasons(out, "bad", file.bad());
      reasons(out, "accepted without", file.incomplete());
    }
    out.printf(
        "log: %,d records accepted, %,d duplicates, %,d rejected%n",
        imported.accepted(), imported.duplicates(), imported.rejected());
    imported.examples().forEach(example -> out.println("    " + example));
    out.flush();
  }

  private static void reasons(
      PrintWriter out, String kind, Map<String, ImportReport.Reason> reasons) {
    reasons.forEach((reason, found) -> {
      ImportReport.Example first = found.examples().getFirst();
      out.printf(
          "    %s: %s: %,d rows, first in line %,d: %s%n",
          kind, reason, found.count(), first.line(), first.value());
    });
  }
}
