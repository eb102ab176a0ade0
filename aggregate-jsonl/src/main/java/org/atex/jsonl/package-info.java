/** Writes test results as JSON Lines or YAML documents, and stores the files of the tests. */
@NullMarked
@Stable
package org.atex.jsonl;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
