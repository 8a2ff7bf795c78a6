package io.winnow.app;

import io.winnow.lifecycle.mlflow.MlflowImport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow releases import}: takes releases over from another registry's layout. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = {
      "Takes the releases of an MLflow file store over: files, tags, metrics; every byte is checked.",
      "Its champion and previous serve from then on where no champion served yet.",
      "Networks that were trained elsewhere come with 'winnow releases import-model'."
    })
final class ReleasesImportCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--mlflow", required = true, paramLabel = "DIR", description = "The folder.")
  private Path mlflow = Path.of("mlruns");

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "The registered model (default: the only one).")
  private @Nullable String model;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ReleasesImportCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      MlflowImport.Report report =
          new MlflowImport(folder.registry(), folder.releases())
              .readFrom(mlflow, model, FolderRegistry.cause("imported from MLflow"));
      if (json) {
        out.println(Json.write(report));
        return ExitCode.OK.value();
      }
      report.imported().forEach(version -> out.printf("imported     %s%n", version));
      report.known().forEach(version -> out.printf("was here     %s%n", version));
      report.passedOver().forEach((what, why) -> out.printf("passed over  %s: %s%n", what, why));
      report.aliases().forEach((alias, version) -> out.printf("%-12s %s%n", alias, version));
    }
    return ExitCode.OK.value();
  }
}
