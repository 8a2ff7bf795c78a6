package io.winnow.app;

import io.winnow.lifecycle.mlflow.MlflowExport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow releases export}: writes the releases in the layout of another registry. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes every release into the folder of an MLflow file store (mlruns): a run with params,",
      "metrics and files, and a version of a registered model, with tags and aliases."
    })
final class ReleasesExportCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--mlflow", required = true, paramLabel = "DIR", description = "The folder.")
  private Path mlflow = Path.of("mlruns");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ReleasesExportCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      List<String> written = new MlflowExport(folder.registry(), folder.releases()).writeTo(mlflow);
      spec.commandLine()
          .getOut()
          .println(
              json
                  ? Json.write(Map.of("exported", written))
                  : "%d releases were written into %s".formatted(written.size(), mlflow));
    }
    return ExitCode.OK.value();
  }
}
