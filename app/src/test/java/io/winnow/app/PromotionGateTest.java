package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.app.PromotionGate.Promotion;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.features.AuditReport;
import io.winnow.features.AuditReport.Count;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PromotionGateTest {
  private static final Optional<String> ACTIVE = Optional.of("r-2");

  @TempDir private Path folder;

  private PromotionGate gate(double maxMismatches) {
    return new PromotionGate(new DataFolder(folder), maxMismatches);
  }

  private static AuditReport found(long mismatches) {
    Map<String, Count> counts =
        Map.of("item.ctr_1d", new Count(200, mismatches), "user.age", new Count(200, 0));
    return new AuditReport(10, 200, counts, counts, Map.of(), Map.of(), List.of());
  }

  private static void assertBlocked(PromotionGate gate, AuditReport live) {
    WinnowException refused =
        assertThrows(
            WinnowException.class, () -> gate.check("r-3", ACTIVE, live, Promotion.AUDITED));
    assertEquals(ErrorCode.BLOCKED, refused.code());
    String message = String.valueOf(refused.getMessage());
    for (String part :
        List.of("r-3", "item.ctr_1d", "3 of 200", "1.5000 %", "max_mismatches", "--force")) {
      assertTrue(message.contains(part), message);
    }
    assertTrue(!message.contains("user.age"), message);
  }

  @Test
  void check_shareAboveTheThreshold_blocksNewerReleasesOnly() {
    PromotionGate gate = gate(0.01);
    assertBlocked(gate, found(3));
    gate.check("r-1", ACTIVE, found(3), Promotion.AUDITED);
    gate.check("r-2", ACTIVE, found(3), Promotion.AUDITED);
  }

  @Test
  void check_shareAtTheThreshold_passes() {
    gate(0.015).check("r-3", ACTIVE, found(3), Promotion.AUDITED);
    gate(0).check("r-3", ACTIVE, found(0), Promotion.AUDITED);
  }

  @Test
  void check_forcedWithAReason_passes() {
    gate(0).check("r-3", ACTIVE, found(200), Promotion.forced("known and harmless"));
    assertThrows(WinnowException.class, () -> Promotion.forced(" "));
  }

  @Test
  void check_nothingComparedYet_goesByTheLastAudit() {
    gate(0.01).remember(found(3));
    assertBlocked(gate(0.01), AuditReport.NONE);
    gate(0.01).check("r-3", ACTIVE, found(0), Promotion.AUDITED);
    gate(0.01).remember(AuditReport.NONE);
    assertBlocked(gate(0.01), AuditReport.NONE);
    gate(0.01).remember(found(0));
    gate(0.01).check("r-3", ACTIVE, AuditReport.NONE, Promotion.AUDITED);
  }

  @Test
  void check_neverAudited_passes() {
    gate(0).check("r-3", ACTIVE, AuditReport.NONE, Promotion.AUDITED);
    gate(0).check("r-3", Optional.empty(), AuditReport.NONE, Promotion.AUDITED);
  }

  @Test
  void check_rememberedAuditIsDamaged_saysWhichFile() throws IOException {
    Files.writeString(folder.resolve("audit.json"), "{");
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () -> gate(0).check("r-3", ACTIVE, AuditReport.NONE, Promotion.AUDITED));
    assertEquals(ErrorCode.CORRUPT, refused.code());
    assertTrue(String.valueOf(refused.getMessage()).contains("audit.json"));
  }
}
