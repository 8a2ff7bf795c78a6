package io.winnow.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code side-by-side} with programs that only tell how they were called. */
final class PeersTest {
  private static final Path SCRIPT = Path.of("peers/side-by-side").toAbsolutePath();
  private static final Path PYTHON = Path.of("/usr/bin/python3");

  @TempDir Path root;

  @Test
  void sideBySide_givesThePeersAsManyLapsAsWinnowHad() throws Exception {
    assumeTrue(Files.isExecutable(PYTHON), "Python is there");
    Path peers = Files.createDirectories(root.resolve("benchmarks/peers"));
    Path script = Files.copy(SCRIPT, peers.resolve("side-by-side"));
    String figures =
        "{\"machine\": \"m\", \"figures\": {"
            + "\"als.iterations\": {\"value\": 20}, \"ranker.epochs\": {\"value\": 6},"
            + " \"ranker.batch_rows\": {\"value\": 1024}, \"encoder.negatives\": {\"value\": 9},"
            + " \"encoder.batch_positions\": {\"value\": 8}, \"figure\": {\"value\": 2}}}";
    Files.writeString(root.resolve("winnow"), "#!/bin/sh\ncat <<'END'\n" + figures + "\nEND\n");
    Files.setPosixFilePermissions(
        root.resolve("winnow"), PosixFilePermissions.fromString("rwxr-xr-x"));
    for (String peer : List.of("sasrec_epoch", "als_speed", "ranker_speed")) {
      Files.writeString(
          peers.resolve(peer + ".py"),
          "import json, sys\n"
              + "print(json.dumps({'figure': 'figure', 'unit': 's', 'value': 1, 'peer': '"
              + peer
              + " ' + ' '.join(sys.argv[1:])}))\n");
    }
    ProcessBuilder builder =
        new ProcessBuilder("sh", script.toString(), "--epochs", "3").redirectErrorStream(true);
    builder.environment().put("PYTHON", PYTHON.toString());
    Process process = builder.start();
    String table = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), table);
    assertTrue(table.contains("als_speed --iterations 20 "), table);
    assertTrue(table.contains("ranker_speed --rows 1024 --epochs 6 "), table);
    assertTrue(table.contains("sasrec_epoch --epochs 3 "), table);
  }
}
