package io.winnow.app.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DemoFolderTest {
  @TempDir private Path parent;

  private static List<String> names(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void claim_folderOfAnEarlierDemo_wipesIt() throws Exception {
    Path path = parent.resolve("a").resolve("demo");
    try (DemoFolder first = DemoFolder.claim(path)) {
      Files.createDirectories(first.path().resolve("log/deep"));
      Files.writeString(first.path().resolve("log/deep/file"), "old");
    }
    try (DemoFolder second = DemoFolder.claim(path)) {
      assertEquals(List.of(DemoFolder.MARKER), names(second.path()));
    }
  }

  @Test
  void claim_folderOfSomethingElse_refusesAndLeavesItAlone() throws Exception {
    Files.writeString(parent.resolve("thesis.txt"), "precious");
    WinnowException e = assertThrows(WinnowException.class, () -> DemoFolder.claim(parent));
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
    assertTrue(String.valueOf(e.getMessage()).contains("--data: " + parent), e.toString());
    assertEquals(List.of("thesis.txt"), names(parent));
  }

  @Test
  void claim_file_refuses() throws Exception {
    Path file = Files.writeString(parent.resolve("file"), "text");
    assertThrows(WinnowException.class, () -> DemoFolder.claim(file));
    assertEquals("text", Files.readString(file));
  }

  @Test
  void claim_folderInUse_refusesAndLeavesItAlone() throws Exception {
    Path path = parent.resolve("demo");
    try (DemoFolder running = DemoFolder.claim(path)) {
      Files.writeString(running.path().resolve("winnow.yaml"), "in use");
      WinnowException e = assertThrows(WinnowException.class, () -> DemoFolder.claim(path));
      assertEquals(ErrorCode.UNAVAILABLE, e.code());
      assertEquals(List.of(DemoFolder.MARKER, "winnow.yaml"), names(path));
    }
  }
}
