/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"
#include "wire/svg.h"

#include <string.h>

#define SVG(inner)                                                                                                     \
    "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 24 "         \
    "24\">\n" inner "<path d=\"M0 0h24v24z\"/></svg>"
#define REST "<path d=\"M0 0h24v24z\"/></svg>"
#define HEAD "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\">"

static struct str made(struct test *t, const char *svg)
{
    struct str out = { NULL, 0 }, again = { NULL, 0 };
    struct logo_fault why;

    if (!logo_make_or(t->arena, str_of(svg), &out, &why))
        test_fail(t, __FILE__, __LINE__, "%s, line %d, %s: %s", logo_cause_name(why.cause), why.line, why.what, svg);
    else
        CHECK(logo_make_or(t->arena, out, &again, &why) && str_eq(out, again));
    return out;
}

static const char *refused_of(struct test *t, struct str svg)
{
    struct str out;
    struct logo_fault why;

    if (logo_make_or(t->arena, svg, &out, &why))
        return arena_printf(t->arena, "made: %.*s", STR_ARG(out)).p;
    return arena_printf(t->arena, "%s %d %s", logo_cause_name(why.cause), why.line, why.what).p;
}

static const char *refused(struct test *t, const char *svg)
{
    return refused_of(t, str_of(svg));
}

TEST(shapes_and_paint_are_written_anew)
{
    CHECK_STR(made(t, SVG("")), HEAD REST);
    CHECK_STR(
        made(t, SVG("<g fill=\"#f00\" transform=\"translate(1, 2)  rotate(-3.5)\"><circle r=\"3\" cy=\"2\" "
                    "cx=\"1\"/></g>")),
        HEAD
        "<g transform=\"translate(1, 2) rotate(-3.5)\" fill=\"#f00\"><circle cx=\"1\" cy=\"2\" r=\"3\"/></g>" REST);
    CHECK_STR(
        made(t, SVG("<linearGradient id=\"a\"><stop offset=\"5%\" stop-color=\"rgb(1,2,3)\"/></linearGradient>"
                    "<radialGradient id=\"b\" xlink:href=\"#a\"/><rect fill=\"url('#b')\" width=\"9\" height=\"9\"/>")),
        HEAD "<linearGradient id=\"a\"><stop offset=\"5%\" stop-color=\"rgb(1,2,3)\"/></linearGradient>"
             "<radialGradient id=\"b\" href=\"#a\"/><rect width=\"9\" height=\"9\" fill=\"url(#b)\"/>" REST);
    CHECK_STR(
        made(t, SVG("<clipPath id=\"c\"><path d=\"M0 0z\"/></clipPath><path clip-path=\"url(#c)\" d=\"M1 1z\"/>")),
        HEAD "<clipPath id=\"c\"><path d=\"M0 0z\"/></clipPath><path d=\"M1 1z\" clip-path=\"url(#c)\"/>" REST);
}

TEST(what_a_drawing_program_notes_down_is_left_out)
{
    CHECK_STR(made(t, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!-- Created with Inkscape -->\n"
                      "<svg width=\"24px\" height=\"24\" xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
                      "xmlns:s=\"http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd\" s:docname=\"salaisuus.svg\">"
                      "<title>Otsikko</title><metadata><a xmlns=\"urn:x\">anna@espoo.fi</a></metadata>"
                      "<s:namedview id=\"v\"><s:x/></s:namedview>"
                      "<path class=\"k\" data-name=\"Taso 1\" d=\"M0 0h24v24z\"/></svg>"),
              HEAD REST);
}

TEST(style_becomes_attributes_and_overrides_them)
{
    CHECK_STR(made(t, SVG("<path fill=\"red\" style=\"fill : #0f0 ;stroke:none; stroke-dasharray:none;"
                          "-inkscape-font-specification:'Sans, Normal';font-family:Sans;filter:none\" d=\"M0 0z\"/>")),
              HEAD "<path d=\"M0 0z\" fill=\"#0f0\" stroke=\"none\"/>" REST);
}

TEST(a_size_comes_from_the_box_or_else_from_the_sides)
{
    CHECK_STR(made(t, "<svg viewBox=\" 0,0 , 24 24 \" width=\"900\" height=\"1\">" REST), HEAD REST);
    CHECK_STR(made(t, "<svg width=\"24\" height=\"24px\">" REST), HEAD REST);
    CHECK_STR(refused(t, "<svg>" REST), "viewbox 1 <svg>");
    CHECK_STR(refused(t, "<svg width=\"100%\" height=\"100%\">" REST), "viewbox 1 <svg>");
    CHECK_STR(refused(t, "<svg viewBox=\"0 0 24\" width=\"9\" height=\"9\">" REST), "viewbox 1 <svg>");
    CHECK_STR(refused(t, "<svg viewBox=\"0 0 24 0\">" REST), "viewbox 1 <svg>");
    CHECK_STR(refused(t, "<svg viewBox=\"0 0 24 1e999\">" REST), "viewbox 1 <svg>");
    CHECK_STR(refused(t, "<svg viewBox=\"0 0 24 nan\">" REST), "viewbox 1 <svg>");
    CHECK_STR(refused(t, "<svg viewBox=\"0 0 100 24\">" REST), "sides 1 <svg>");
}

TEST(no_program_comes_through)
{
    CHECK_STR(refused(t, SVG("<script>alert(1)</script>")), "script 2 <script>");
    CHECK_STR(refused(t, SVG("<g>\n\n<script href=\"//evil.example/x.js\"/></g>")), "script 4 <script>");
    CHECK_STR(refused(t, SVG("<path onclick=\"alert(1)\" d=\"\"/>")), "script 2 onclick=");
    CHECK_STR(refused(t, SVG("<path ONload=\"alert(1)\" d=\"\"/>")), "script 2 ONload=");
    CHECK_STR(refused(t, "<svg viewBox=\"0 0 9 9\" onload=\"alert(1)\">" REST), "script 1 onload=");
    CHECK_STR(refused(t, SVG("<set attributeName=\"href\" to=\"javascript:alert(1)\"/>")), "script 2 <set>");
    CHECK_STR(refused(t, SVG("<animate attributeName=\"x\"/>")), "script 2 <animate>");
    CHECK_STR(refused(t, SVG("<foreignObject><div xmlns=\"http://www.w3.org/1999/xhtml\"/></foreignObject>")),
              "element 2 <foreignObject>");
    CHECK_STR(refused(t, SVG("<h:script xmlns:h=\"http://www.w3.org/1999/xhtml\">1</h:script>")), "element 2 <script>");
    CHECK_STR(refused(t, SVG("<handler xmlns=\"http://www.w3.org/2000/svg\"/>")), "element 2 <handler>");
    CHECK_STR(refused(t, SVG("<SCRIPT>1</SCRIPT>")), "element 2 <SCRIPT>");
    CHECK(str_find(made(t, SVG("<x:script xmlns:x=\"urn:x\">alert(1)</x:script>")), S("alert")) ==
          sizeof HEAD REST - 1);
    CHECK_STR(made(t, SVG("<?php evil ?><?xml-stylesheet href=\"//evil.example\"?>alert(1)<![CDATA[<script>]]>")),
              HEAD REST);
}

TEST(nothing_leads_out_of_the_file)
{
    CHECK_STR(refused(t, SVG("<a href=\"https://evil.example/\"><path d=\"\"/></a>")), "element 2 <a>");
    CHECK_STR(refused(t, SVG("<image href=\"https://evil.example/1.png\"/>")), "element 2 <image>");
    CHECK_STR(refused(t, SVG("<image xlink:href=\"data:image/png;base64,AAAA\"/>")), "element 2 <image>");
    CHECK_STR(refused(t, SVG("<use href=\"#a\"/>")), "clone 2 <use>");
    CHECK_STR(refused(t, SVG("<linearGradient xlink:href=\"https://evil.example/#a\"/>")), "link 2 href=");
    CHECK_STR(refused(t, SVG("<linearGradient href=\"javascript:alert(1)\"/>")), "link 2 href=");
    CHECK_STR(refused(t, SVG("<linearGradient href=\"&#35;a&#34;\"/>")), "link 2 href=");
    CHECK_STR(refused(t, SVG("<path href=\"#a\" d=\"\"/>")), "link 2 href=");
    CHECK_STR(refused(t, SVG("<path fill=\"url(https://evil.example/#a)\" d=\"\"/>")), "url 2 fill=");
    CHECK_STR(refused(t, SVG("<path fill=\"url(#a) url(//evil.example)\" d=\"\"/>")), "url 2 fill=");
    CHECK_STR(refused(t, SVG("<path style=\"fill:url(//evil.example)\" d=\"\"/>")), "url 2 fill=");
    CHECK_STR(refused(t, SVG("<path style=\"background:url(//evil.example)\" d=\"\"/>")), "url 2 background=");
    CHECK_STR(refused(t, SVG("<path style=\"cursor: url(//evil.example)\" d=\"\"/>")), "url 2 cursor=");
    CHECK_STR(refused(t, SVG("<path d=\"url(#a)\"/>")), "url 2 d=");
    CHECK_STR(refused(t, SVG("<style>@import '//evil.example';</style>")), "style 2 <style>");
    CHECK_STR(refused(t, SVG("<path fill=\"\\75rl(//evil.example)\" d=\"\"/>")), "value 2 fill=");
    CHECK_STR(refused(t, SVG("<path fill=\"image(evil)\" d=\"\"/>")), "value 2 fill=");
    CHECK_STR(refused(t, SVG("<path fill=\"var(--x)\" d=\"\"/>")), "value 2 fill=");
    CHECK_STR(refused(t, SVG("<path fill=\"&quot;&gt;&lt;script\" d=\"\"/>")), "value 2 fill=");
    CHECK_STR(refused(t, SVG("<path transform=\"rotate(rotate(1))\" d=\"\"/>")), "value 2 transform=");
}

TEST(no_entity_and_no_document_type)
{
    CHECK_STR(refused(t, "<?xml version=\"1.0\"?>\n<!DOCTYPE svg [<!ENTITY a \"aaaa\">]>\n" SVG("&a;")),
              "doctype 2 <!DOCTYPE");
    CHECK_STR(refused(t, "<!DOCTYPE svg SYSTEM \"file:///etc/passwd\">" SVG("")), "doctype 1 <!DOCTYPE");
    CHECK_STR(refused(t, SVG("\n&xxe;")), "xml 3 xml_malformed");
    CHECK_STR(refused(t, SVG("<g>")), "xml 2 xml_malformed");
    CHECK_STR(refused(t, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" SVG("")), "xml 0 xml_encoding");
}

TEST(what_would_change_the_picture_is_named_not_dropped)
{
    CHECK_STR(refused(t, SVG("<text>Tori</text>")), "text 2 <text>");
    CHECK_STR(refused(t, SVG("<filter id=\"f\"/>")), "effect 2 <filter>");
    CHECK_STR(refused(t, SVG("<pattern id=\"f\"/>")), "effect 2 <pattern>");
    CHECK_STR(refused(t, SVG("<mask id=\"f\"/>")), "effect 2 <mask>");
    CHECK_STR(refused(t, SVG("<path filter=\"blur(2px)\" d=\"\"/>")), "effect 2 filter=");
    CHECK_STR(refused(t, SVG("<path style=\"stroke-dasharray:0.0001\" d=\"\"/>")), "effect 2 stroke-dasharray=");
    CHECK_STR(refused(t, SVG("<svg><path d=\"\"/></svg>")), "element 2 <svg>");
    CHECK_STR(refused(t, "<html xmlns=\"http://www.w3.org/1999/xhtml\"/>"), "root 1 <html>");
    CHECK_STR(refused(t, "<svg viewBox=\"0 0 9 9\"/>"), "empty 1 <svg>");
}

TEST(depth_count_and_size_are_bounded_and_a_clip_holds_no_clip)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    CHECK_STR(refused(t, SVG("<clipPath id=\"c\"><path clip-path=\"url(#c)\" d=\"\"/></clipPath>")),
              "nested 2 clip-path=");
    CHECK_STR(refused(t, SVG("<clipPath id=\"c\" clip-path=\"url(#d)\"/>")), "nested 2 clip-path=");
    buf_add(&b, S("<svg viewBox=\"0 0 9 9\">"));
    for (int i = 0; i < SVG_DEPTH_MAX + 1; i++)
        buf_add(&b, S("<g>"));
    for (int i = 0; i < SVG_DEPTH_MAX + 1; i++)
        buf_add(&b, S("</g>"));
    buf_add(&b, S(REST));
    CHECK_STR(refused_of(t, buf_str(&b)), "deep 1 <g>");
    b = buf_new(t->arena, 1 << 20);
    for (int i = 0; i < 10000; i++)
        buf_add(&b, S("<g>"));
    CHECK_STR(refused_of(t, buf_str(&b)), "deep 0 xml_depth");
    b = buf_new(t->arena, 1 << 20);
    buf_add(&b, S("<svg viewBox=\"0 0 9 9\">"));
    for (int i = 0; i < SVG_ELEMENTS_MAX; i++)
        buf_add(&b, S("<g/>\n"));
    buf_add(&b, S(REST));
    CHECK_STR(refused_of(t, buf_str(&b)), "many 2001 <path>");
    b = buf_new(t->arena, 1 << 20);
    for (int i = 0; i < LOGO_MAX_B; i++)
        buf_byte(&b, ' ');
    buf_add(&b, S(SVG("")));
    CHECK_STR(refused_of(t, buf_str(&b)), "large 0 ");
}

TEST(the_words_of_a_refusal_name_the_line_and_the_cure)
{
    struct str out;
    struct fail f = { 0 };

    CHECK(!logo_make(t->arena, S(SVG("<text/>")), &out, &f));
    CHECK_STR(f.detail,
              "has text, which looks different wherever a font is missing: turn it into paths (line 2: <text>)");
    CHECK(logo_make(t->arena, S(SVG("")), &out, &f));
    CHECK_STR(logo_type(out), "image/svg+xml");
}
