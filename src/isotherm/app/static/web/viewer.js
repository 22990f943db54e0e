// The viewer of reports and of the local app: three linked planes and the tumor's surface, drawn by NiiVue.
// It computes nothing: every number and color comes from outside. Frame: RAS mm, which is NiiVue's; people read LPS.
"use strict";

// `planes`: the three planes alone, without a surface; `moved` is told when the crosshair, or what is seen, has moved.
globalThis.isothermViewerIn = (section, scene, { planes = false, moved = () => {} } = {}) => {
  const canvas = section.querySelector("canvas");
  const message = section.querySelector("[data-viewer=message]");
  const place = section.querySelector("[data-viewer=place]");
  const goButtons = [...document.querySelectorAll("[data-go-to]")];
  const switches = [...section.querySelectorAll("[data-switch]")];

  const STEP_MM = 1;
  const KEYS = {
    // What each key adds to the crosshair, R A S; the screen's left is the patient's right.
    ArrowLeft: [STEP_MM, 0, 0],
    ArrowRight: [-STEP_MM, 0, 0],
    ArrowUp: [0, STEP_MM, 0],
    ArrowDown: [0, -STEP_MM, 0],
    PageUp: [0, 0, STEP_MM],
    PageDown: [0, 0, -STEP_MM],
  };

  let viewer = null;
  let shown = null; // number of the lesion on display
  let placed = []; // [layer, NiiVue's volume or mesh]
  let queue = Promise.resolve(); // lesions are loaded one after the other, however fast somebody clicks
  let starting = null;

  const STAY = ["after", "before", "ground", "other way"]; // whatever is painted
  const SCALE = 1.6;
  const LETTER = 0.8; // of a letter's height: how much farther up the lower ones of the planes stand

  const say = (text) => {
    message.textContent = text;
    message.hidden = !text;
  };

  const fail = (text) => {
    section.dataset.state = "failed";
    say(text);
    for (const one of [...goButtons, ...switches]) one.disabled = true;
  };

  const missing = () => {
    if (typeof globalThis.niivue === "undefined") return "The viewer's program is not in this copy of the report.";
    if (typeof DecompressionStream === "undefined") return "This browser is too old for the viewer (no DecompressionStream).";
    const trial = document.createElement("canvas").getContext("webgl2");
    if (!trial) return "This browser offers no WebGL 2, which the viewer needs.";
    trial.getExtension("WEBGL_lose_context")?.loseContext();
    return "";
  };

  // What the report holds lies in the page; what the local app sends comes with its layer.
  const unpack = async (layer) => {
    const text = atob(layer.content ?? document.getElementById(layer.id).textContent.trim());
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  };

  const rgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

  const labelColors = (colors) => {
    const all = [[0, 0, 0], ...colors.map(rgb)];
    return {
      R: all.map((one) => one[0]),
      G: all.map((one) => one[1]),
      B: all.map((one) => one[2]),
      A: all.map((_, number) => (number ? 255 : 0)),
      I: all.map((_, number) => number),
      labels: all.map(() => ""),
    };
  };

  const tiles = (...places) => places.map((position, at) => ({ position, sliceType: [
    niivue.SLICE_TYPE.AXIAL, niivue.SLICE_TYPE.CORONAL, niivue.SLICE_TYPE.SAGITTAL, niivue.SLICE_TYPE.RENDER][at] }));

  // Left, top, width and height of each tile, as shares of the stage.
  const layout = () => {
    if (planes) return tiles([0, 0, 0.6, 0.98], [0.61, 0, 0.39, 0.48], [0.61, 0.5, 0.39, 0.48]);
    if (canvas.clientWidth > 3 * canvas.clientHeight) return tiles([0, 0, 0.265, 1], [0.27, 0, 0.225, 1], [0.5, 0, 0.225, 1], [0.73, 0, 0.27, 1]);
    return tiles([0, 0, 0.415, 0.98], [0.42, 0, 0.25, 0.48], [0.42, 0.5, 0.25, 0.48], [0.675, 0, 0.325, 1]);
  };

  const start = async () => {
    const why = missing();
    if (why) {
      fail(`${why} Everything else in this report works without it.`);
      throw new Error(why);
    }
    section.dataset.state = "loading";
    say("Loading …");
    viewer = new niivue.Niivue({
      logLevel: "silent",
      loadingText: "",
      dragAndDropEnabled: false,
      scrollRequiresFocus: true,
      isRadiologicalConvention: true,
      sagittalNoseLeft: true,
      showAllOrientationMarkers: true,
      show3Dcrosshair: true,
      crosshairColor: [1, 1, 1, 0.6],
      crosshairWidth: planes ? 0.5 : 0.25,
      crosshairWidthUnit: "mm",
      crosshairGap: 12,
      isOrientCube: true,
      fontColor: [1, 1, 1, 1],
      fontMinPx: 13,
      backColor: [0.043, 0.059, 0.071, 1],
      meshThicknessOn2D: 0,
      multiplanarShowRender: planes ? niivue.SHOW_RENDER.NEVER : niivue.SHOW_RENDER.ALWAYS,
    });
    viewer.onLocationChange = tellPlace;
    await viewer.attachToCanvas(canvas);
    viewer.setScale(SCALE);
    viewer.setMouseEventConfig({ leftButton: { primary: niivue.DRAG_MODE.crosshair }, rightButton: niivue.DRAG_MODE.windowing, centerButton: niivue.DRAG_MODE.pan });
    // The 3-D tile shows surfaces. NiiVue would cast rays through the images as well, and behind whatever clip plane
    // single rays along the box's edges still hit: white specks.
    viewer.drawImage3D = () => {};
    // NiiVue sets the letter below a plane so low that only its upper half is on the screen.
    const letters = viewer.drawSliceOrientationText.bind(viewer);
    viewer.drawSliceOrientationText = ([left, top, width, height], ...rest) => letters([left, top, width, height - LETTER * viewer.fontPx], ...rest);
    viewer.setCustomLayout(layout());
  };

  const started = () => (starting ??= start());

  const put = async (layer) => {
    const content = await unpack(layer);
    if (layer.kind === "mesh") {
      const triangles = layer.points * 12;
      const colors = content.byteLength - layer.points * 4;
      const mesh = new niivue.NVMesh(
        new Float32Array(content, 0, layer.points * 3),
        new Uint32Array(content, triangles, (colors - triangles) / 4),
        layer.key,
        new Uint8Array(content, colors),
        layer.opacity,
        true,
        viewer.gl,
      );
      mesh.meshShaderIndex = viewer.meshShaderNameToNumber("Diffuse"); // lit from the eye: colors stay as in the legend
      return mesh;
    }
    const window = layer.window ? { colormap: "gray", cal_min: layer.window[0], cal_max: layer.window[1] } : {};
    const volume = await niivue.NVImage.loadFromUrl({ url: content, name: `${layer.key}.nii`, opacity: 0, ...window });
    if (layer.kind === "labels") volume.setColormapLabel(labelColors(layer.colors));
    return volume;
  };

  const show = async (number) => {
    await started();
    if (shown === number) return;
    section.dataset.state = "loading";
    say("Loading …");
    const next = [];
    for (const layer of scene.lesions[number].layers) next.push([layer, await put(layer)]);
    for (const mesh of viewer.meshes) mesh.unloadMesh(viewer.gl);
    arrange(next);
    shown = number;
    apply();
    section.dataset.state = "ready";
    say("");
  };

  // Puts other layers of the same keys in place of those that are shown: after a stroke, outlines and surfaces.
  const replace = (layers) => {
    queue = queue.then(async () => {
      const fresh = new Map();
      for (const layer of layers) fresh.set(layer.key, [layer, await put(layer)]);
      const drawn = (layer) => !STAY.includes(layer.key);
      for (const [layer, thing] of placed) if (drawn(layer) && layer.kind === "mesh") thing.unloadMesh(viewer.gl);
      arrange([...placed.filter(([layer]) => !drawn(layer)), ...fresh.values()]);
      apply();
    });
    return queue;
  };

  const arrange = (next) => {
    placed = next;
    // All at once: NiiVue would redraw the whole scene after each thing that is added by its own functions.
    viewer.volumes = placed.filter(([layer]) => layer.kind !== "mesh").map(([, thing]) => thing);
    viewer.back = viewer.volumes[0];
    viewer.overlays = viewer.volumes.slice(1);
    viewer.meshes = placed.filter(([layer]) => layer.kind === "mesh").map(([, thing]) => thing);
  };

  const isOn = (layer) => {
    const one = switches.find((each) => each.dataset.switch === layer.switch);
    return !one || (one.checked && !one.disabled);
  };

  const apply = () => {
    for (const one of switches) one.disabled = !placed.some(([layer]) => layer.switch === one.dataset.switch);
    for (const [layer, thing] of placed) {
      thing.opacity = isOn(layer) ? layer.opacity : 0;
    }
    viewer.updateGLVolume();
  };

  const moveTo = (ras) => {
    viewer.scene.crosshairPos = viewer.mm2frac(ras);
    viewer.createOnLocationChange();
    viewer.drawScene();
  };

  const crosshair = () => [...viewer.frac2mm(viewer.scene.crosshairPos)].slice(0, 3);

  const words = (mm, positive, negative) => `${Math.abs(mm).toFixed(1)} mm ${mm < 0 ? negative : positive}`;

  function tellPlace() {
    if (!viewer || shown === null) return;
    const [r, a, s] = crosshair();
    place.textContent = [words(-r, "left", "right"), words(-a, "posterior", "anterior"), words(s, "cranial", "caudal")].join(", ");
    moved();
  }

  // Where a place stands in each plane, in pixels of the page, and how far it lies from that plane.
  const seen = (ras) => {
    const ratio = viewer.uiData.dpr;
    const here = crosshair();
    return [[0, 2], [1, 1], [2, 0]].flatMap(([plane, axis]) => {
      const on = ras.map((mm, at) => (at === axis ? here[at] : mm));
      const found = viewer.frac2canvasPosWithTile(viewer.mm2frac(on), plane);
      const tile = found && viewer.screenSlices[found.tileIndex];
      return tile?.axCorSag === plane ? [{ x: found.pos[0] / ratio, y: found.pos[1] / ratio, away: Math.abs(ras[axis] - here[axis]) }] : [];
    });
  };

  // The planes on the screen, in pixels of the page: where each lies, and how many pixels are a millimeter.
  const planesShown = () => (viewer?.screenSlices ?? []).filter((tile) => tile.axCorSag <= 2).map((tile) => {
    const [left, top, width, height] = tile.leftTopWidthHeight.map((px) => px / viewer.uiData.dpr);
    return { left, top, width, height, pixelsPerMm: width / Math.abs(tile.fovMM[0]) };
  });

  // Zooms the planes so that the crosshair stays where it is.
  const zoom = (factor) => {
    const pan = viewer.scene.pan2Dxyzmm;
    const next = Math.min(8, Math.max(1, pan[3] * factor));
    const here = crosshair();
    viewer.setPan2Dxyzmm([...[0, 1, 2].map((axis) => (next === 1 ? 0 : pan[axis] + (pan[3] - next) * here[axis])), next]);
    moved();
  };

  // NiiVue sets gray values of the image at the bottom alone: the other one follows where both began with the same.
  const shareWindow = () => {
    const [[first, bottom] = [], ...others] = placed.filter(([layer]) => layer.window);
    for (const [layer, thing] of others) {
      if (String(layer.window) === String(first.window)) [thing.cal_min, thing.cal_max] = [bottom.cal_min, bottom.cal_max];
    }
    viewer.updateGLVolume();
  };

  // Zoom, gray values and the view in 3-D as they were at first; the crosshair stays.
  const reset = () => {
    for (const [layer, thing] of placed) if (layer.window) [thing.cal_min, thing.cal_max] = layer.window;
    viewer.scene.volScaleMultiplier = SCALE;
    viewer.scene.pan2Dxyzmm = [0, 0, 0, 1];
    viewer.setRenderAzimuthElevation(...scene.lesions[shown].look_from);
    viewer.updateGLVolume();
    moved();
  };

  // Shows or hides a layer that has no switch.
  const only = (key, on) => {
    for (const [layer, thing] of placed) if (layer.key === key) thing.opacity = on ? layer.opacity : 0;
    viewer.updateGLVolume();
  };

  // Moves layers rigidly: each is laid by a 4 x 4 matrix (RAS mm) from where it came.
  const lay = (keys, matrix) => {
    for (const [layer, thing] of placed) {
      if (!keys.includes(layer.key)) continue;
      layer.came ??= thing.getAffine();
      thing.setAffine(matrix.map((row) => [0, 1, 2, 3].map((at) => row.reduce((sum, one, k) => sum + one * layer.came[k][at], 0))));
    }
    viewer.updateGLVolume();
  };

  const goTo = (number) => {
    queue = queue
      .then(() => show(number))
      .then(() => {
        viewer.setRenderAzimuthElevation(...scene.lesions[number].look_from);
        moveTo(scene.lesions[number].start_ras);
        for (const one of goButtons) one.setAttribute("aria-pressed", String(Number(one.dataset.goTo) === number));
      })
      .catch((error) => {
        if (section.dataset.state !== "failed") fail(`The viewer stopped: ${error.message}`);
      });
    return queue;
  };

  for (const one of goButtons) one.addEventListener("click", () => goTo(Number(one.dataset.goTo)));
  for (const one of switches) one.addEventListener("change", () => viewer && apply());

  // In the capture phase, so that NiiVue's own single-letter keys do not surprise anybody.
  for (const kind of ["keydown", "keyup"]) {
    canvas.parentElement.addEventListener(
      kind,
      (event) => {
        if (event.key === "Tab" || event.key === "?" || event.ctrlKey || event.metaKey || event.altKey) return;
        event.stopPropagation();
        const step = KEYS[event.key];
        if (!step || section.dataset.state !== "ready") return;
        event.preventDefault();
        if (kind === "keydown") moveTo(crosshair().map((mm, axis) => mm + step[axis]));
      },
      true,
    );
  }

  // Nothing is unpacked until somebody comes near the viewer.
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      if (shown === null && starting === null) goTo(0);
    },
    { rootMargin: "400px" },
  );
  watch.observe(canvas);

  return { goTo, moveTo, replace, seen, planesShown, zoom, reset, shareWindow, only, lay, crosshair: () => (viewer ? crosshair() : null), niivue: () => viewer };
};

(() => {
  const source = document.getElementById("viewer-data");
  if (source) globalThis.isothermViewer = isothermViewerIn(document.getElementById("viewer"), JSON.parse(source.textContent));
})();
