package io.winnow.app;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.MalformedBenchmark;
import io.winnow.benchmarks.SmallShop;
import io.winnow.benchmarks.TemporaryFolder;
import io.winnow.benchmarks.WinnowProcess;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Presets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/** {@code winnow bench malformed}: wrong requests to a real server with a trained release. */
@Command(
    name = "malformed",
    mixinStandardHelpOptions = true,
    description =
        "Sends malformed requests of every kind and counts answers that are not as promised.")
final class BenchMalformedCommand extends BenchCommand.Bench {
  @Override
  Figures figures(ConsoleProgress progress) {
    try (TemporaryFolder temporary = new TemporaryFolder()) {
      DataFolder folder = new DataFolder(temporary.path().resolve("data"));
      folder.keep(ApplicationFile.parse(Presets.text("shorts"), ApplicationFile.NAME, Map.of()));
      List<String> where = List.of("--data", folder.path().toString());
      try (WinnowProcess server =
          WinnowProcess.serve(OtherProcess.winnow(), where, progress::line)) {
        SmallShop.fill(server.awaitUri(), seed());
      }
      // The folder was empty when that server started: there is a release only from here on.
      WinnowProcess.run(
          OtherProcess.winnow(),
          Stream.concat(Stream.of("train"), where.stream()).toList(),
          progress::line);
      try (WinnowProcess server =
          WinnowProcess.serve(OtherProcess.winnow(), where, progress::line)) {
        return MalformedBenchmark.run(server.awaitUri(), progress::line);
      }
    }
  }
}
